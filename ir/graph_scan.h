/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_GRAPH_SCAN_H
#define DBC_IR_GRAPH_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

/*
 * The tokens of a graph's text form: words, quoted text, numbers and single
 * characters. Every function first skips blanks and comments up to the end of
 * the line. Functions that return int give 0, or -1 with a diagnostic.
 */
#define SCAN_MAX_WORD 256

struct scanner {
	struct arena *arena; /* memory of quoted text */
	const char *at;      /* rest of the text, ends in NUL */
	int line;            /* number of the line, from 1 */
	struct diag *d;
};

struct scan_number {
	bool is_float; /* the word is no integer: it has a point, ... */
	int64_t i;     /* 0 if the number is no int64 */
	double f;
};

/* `line N: ` followed by the message; returns -1. */
int scan_error(struct scanner *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int scan_no_memory(struct scanner *s);

/* Skips blanks and a comment within the line. */
void scan_blanks(struct scanner *s);
/* Skips blanks, comments and ends of lines. */
void scan_lines(struct scanner *s);
/* Consumes `c` and returns true if it is the next character. */
bool scan_char(struct scanner *s, char c);
/* Consumes `c`; another character is an error. */
int scan_expect(struct scanner *s, char c);
/* Consumes the word `expected` and returns true if it is the whole next
 * word. */
bool scan_keyword(struct scanner *s, const char *expected);
/* Reads a run of the characters of words and numbers; "" if there is none. */
int scan_word(struct scanner *s, char word[SCAN_MAX_WORD]);
/* Reads text in double quotes, with \" \\ and \xHH. NULL on error. */
char *scan_quoted(struct scanner *s);
int scan_number(struct scanner *s, struct scan_number *out);

#endif

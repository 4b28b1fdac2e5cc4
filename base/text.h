/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_TEXT_H
#define DBC_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Numbers in text. 0, or -1 if the whole text is not one number. */
int text_to_double(const char *s, double *out); /* finite */
int text_to_i64(const char *s, int64_t *out);   /* decimal */
/* "512KB", "512K" and "2MB" are powers of 1000, "512KiB" and "2MiB" of 1024; a
 * bare number is bytes. */
int text_to_bytes(const char *s, int64_t *out);
/* "250ms", "1.5s", "900us": microseconds. The unit is required. */
int text_to_duration_us(const char *s, int64_t *out);
/* "1,2,3": at most max numbers; fractions such as "1/255" are allowed. Returns
 * the count, or -1. */
int text_to_doubles(const char *s, double *out, int max);

/*
 * A text from a file for a terminal or log: control characters, also those of
 * UTF-8 (U+0080 to U+009F), become \xHH, so that it can neither control a
 * terminal nor break a line. Cut to fit `bytes`, of which 4 are enough for each
 * character. Returns `out`.
 */
const char *text_printable(const char *s, char *out, size_t bytes);
/* The same in memory of the enclosing block. */
#define TEXT_PRINTABLE_BYTES 512
#define TEXT_PRINTABLE(s)                                    \
	text_printable(s, (char[TEXT_PRINTABLE_BYTES]){ 0 }, \
		       TEXT_PRINTABLE_BYTES)

/* Prints the text in quotes, so that it reads back: a backslash before quotes
 * and backslashes, \xHH for control characters. */
void text_print_quoted(FILE *out, const char *s);

/* Bytes of a UTF-8 byte order mark at the beginning of a file, 3 or 0: editors
 * of Windows write it, and it is no part of the text. */
size_t text_bom(const void *text, size_t bytes);

/* Damerau-Levenshtein distance (insert, delete, replace, swap neighbours), for
 * "did you mean". 99 for texts of over 63 characters. */
int text_distance(const char *a, const char *b);

#endif

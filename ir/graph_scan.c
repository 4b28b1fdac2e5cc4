/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/graph_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scan_error(struct scanner *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return diag_error(s->d, "line %d: %s", s->line, text);
}

int scan_no_memory(struct scanner *s)
{
	return diag_error(s->d, "out of memory");
}

void scan_blanks(struct scanner *s)
{
	while (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')
		s->at++;
	if (*s->at == '#')
		s->at += strcspn(s->at, "\n");
}

void scan_lines(struct scanner *s)
{
	for (scan_blanks(s); *s->at == '\n'; scan_blanks(s)) {
		s->at++;
		s->line++;
	}
}

bool scan_char(struct scanner *s, char c)
{
	scan_blanks(s);
	if (*s->at != c)
		return false;
	s->at++;
	return true;
}

int scan_expect(struct scanner *s, char c)
{
	return scan_char(s, c) ? 0 : scan_error(s, "expected '%c'", c);
}

int scan_word(struct scanner *s, char word[SCAN_MAX_WORD])
{
	size_t n = 0;

	scan_blanks(s);
	while (isalnum((unsigned char)*s->at) ||
	       (*s->at && strchr("_./:-+?", *s->at))) {
		if (n + 1 == SCAN_MAX_WORD)
			return scan_error(s, "a word is too long");
		word[n++] = *s->at++;
	}
	word[n] = 0;
	return 0;
}

bool scan_keyword(struct scanner *s, const char *expected)
{
	const char *start;
	char word[SCAN_MAX_WORD];

	scan_blanks(s);
	start = s->at;
	if (strlen(start) < strlen(expected) ||
	    strncmp(start, expected, strlen(expected)))
		return false;
	if (scan_word(s, word) || strcmp(word, expected)) {
		s->at = start;
		return false;
	}
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the rest of an escape, after its backslash. */
static int read_escape(struct scanner *s, char *c)
{
	int high, low;

	if (*s->at != 'x') {
		*c = *s->at;
		return *s->at ? (s->at++, 0) :
				scan_error(s, "text ends in a quote");
	}
	high = hex_digit(s->at[1]);
	low = high < 0 ? -1 : hex_digit(s->at[2]);
	if (low < 0 || (!high && !low))
		return scan_error(s, "expected \\xHH, not 00");
	*c = (char)(high << 4 | low);
	s->at += 3;
	return 0;
}

char *scan_quoted(struct scanner *s)
{
	char *text, *out;

	if (scan_expect(s, '"'))
		return NULL;
	text = out = arena_alloc(s->arena, strcspn(s->at, "\n") + 1);
	if (!text) {
		scan_no_memory(s);
		return NULL;
	}
	while (*s->at != '"') {
		if (!*s->at || *s->at == '\n') {
			scan_error(s, "text ends in a quote");
			return NULL;
		}
		if (*s->at != '\\')
			*out++ = *s->at++;
		else if (s->at++, read_escape(s, out++))
			return NULL;
	}
	s->at++;
	return text;
}

int scan_number(struct scanner *s, struct scan_number *out)
{
	char word[SCAN_MAX_WORD], *end;

	if (scan_word(s, word))
		return -1;
	errno = 0;
	out->i = strtoll(word, &end, 10);
	out->f = (double)out->i;
	out->is_float = *end != 0;
	if (*word && !errno && !*end)
		return 0;
	out->f = strtod(word, &end);
	out->i = 0;
	return *word && !*end ? 0 : scan_error(s, "'%s' is no number", word);
}

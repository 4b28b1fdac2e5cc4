/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdbool.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

/* The number at the start and the rest. strtod() alone would also accept
 * spaces, "inf" and hexadecimal numbers. */
static int split_number(const char *s, double *out, const char **rest)
{
	char *end;
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;

	if (!isdigit((unsigned char)*digits) && *digits != '.')
		return -1;
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		return -1;
	*out = strtod(s, &end);
	*rest = end;
	return end == s || !isfinite(*out) ? -1 : 0;
}

int text_to_double(const char *s, double *out)
{
	const char *rest;

	return split_number(s, out, &rest) || *rest ? -1 : 0;
}

int text_to_i64(const char *s, int64_t *out)
{
	char *end;
	const char *digits = *s == '-' ? s + 1 : s;

	if (!isdigit((unsigned char)*digits))
		return -1;
	errno = 0;
	*out = strtoll(s, &end, 10);
	return errno || *end ? -1 : 0;
}

static int with_unit(const char *s, const struct unit *units, int64_t *out)
{
	double number;
	const char *rest;

	if (split_number(s, &number, &rest) || number < 0)
		return -1;
	for (; units->name; units++) {
		if (strcmp(units->name, rest) != 0)
			continue;
		number = floor(number * units->factor + 0.5);
		if (number > 9e15)
			return -1;
		*out = (int64_t)number;
		return 0;
	}
	return -1;
}

int text_to_bytes(const char *s, int64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "KB", 1e3 },
		{ "K", 1e3 },
		{ "k", 1e3 },
		{ "M", 1e6 },
		{ "G", 1e9 },
		{ "kB", 1e3 },
		{ "MB", 1e6 },
		{ "GB", 1e9 },
		{ "KiB", 1024 },
		{ "MiB", 1048576 },
		{ "GiB", 1073741824 },
		{ NULL, 0 },
	};

	return with_unit(s, units, out);
}

int text_to_duration_us(const char *s, int64_t *out)
{
	static const struct unit units[] = {
		{ "us", 1 },
		{ "ms", 1e3 },
		{ "s", 1e6 },
		{ NULL, 0 },
	};

	return with_unit(s, units, out);
}

int text_to_doubles(const char *s, double *out, int max)
{
	int n = 0;

	for (;;) {
		const char *rest;
		double by;

		if (n == max || split_number(s, &out[n], &rest))
			return -1;
		if (*rest == '/') {
			if (split_number(rest + 1, &by, &rest) || by == 0)
				return -1;
			out[n] /= by;
		}
		n++;
		if (!*rest)
			return n;
		if (*rest != ',')
			return -1;
		s = rest + 1;
	}
}

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* The optimal string alignment form; three rows of the table are kept. */
int text_distance(const char *a, const char *b)
{
	int rows[3][64];
	size_t n = strlen(a), m = strlen(b);

	if (n > 63 || m > 63)
		return 99;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		int *now = rows[i % 3], *up = rows[(i + 2) % 3];
		const int *up2 = rows[(i + 1) % 3];

		now[0] = (int)i;
		for (size_t j = 1; j <= m; j++) {
			int same = a[i - 1] == b[j - 1];

			now[j] = min3(up[j] + 1, now[j - 1] + 1,
				      up[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
}

/* A byte of a control character? The second byte of U+0080 to U+009F is one
 * where the first was kept: both are escaped. */
static bool is_control(const char *s)
{
	unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];

	return c < 0x20 || c == 0x7f ||
	       (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

const char *text_printable(const char *s, char *out, size_t bytes)
{
	static const char hex[] = "0123456789abcdef";
	int escape = 0; /* bytes that are still to be escaped */
	size_t n = 0;

	for (; *s && n + 5 <= bytes; s++) {
		unsigned char c = (unsigned char)*s;

		if (!escape && is_control(s))
			escape = c == 0xc2 ? 2 : 1;
		if (!escape) {
			out[n++] = *s;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
		escape--;
	}
	out[n] = 0;
	return out;
}

size_t text_bom(const void *text, size_t bytes)
{
	return bytes >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

void text_print_quoted(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_TEXT_H
#define DBC_BASE_TEXT_H

#include <stdint.h>

/* Numbers as people write them. 0, or -1 where the text is not all of one. */
int text_to_double(const char *s, double *out); /* finite */
int text_to_i64(const char *s, int64_t *out);   /* decimal */
/* "512KB" and "2MB" are powers of 1000, "512KiB" and "2MiB" of 1024; a bare
 * number is bytes. */
int text_to_bytes(const char *s, int64_t *out);
/* "250ms", "1.5s", "900us": microseconds. The unit is not optional. */
int text_to_duration_us(const char *s, int64_t *out);
/* "1,2,3" to at most max numbers, fractions such as "1/255" too; their count,
 * or -1. */
int text_to_doubles(const char *s, double *out, int max);

/* Edits (insert, drop, replace, swap neighbours) from a to b, for "did you
 * mean"; 99 for texts of over 63 characters. */
int text_distance(const char *a, const char *b);

#endif

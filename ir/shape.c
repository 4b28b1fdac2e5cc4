/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

struct shape shape_of(int rank, const int64_t *dims)
{
	struct shape s = { .rank = rank };

	for (int i = 0; i < rank; i++)
		s.dim[i] = dims[i];
	return s;
}

bool shape_known(const struct shape *s)
{
	for (int i = 0; i < s->rank; i++)
		if (s->dim[i] < 0)
			return false;
	return s->rank >= 0;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return true;
}

int64_t shape_elements(const struct shape *s)
{
	int64_t n = 1;

	if (!shape_known(s))
		return -1;
	for (int i = 0; i < s->rank; i++)
		if (s->dim[i] == 0)
			return 0;
	for (int i = 0; i < s->rank; i++) {
		if (s->dim[i] > GRAPH_MAX_ELEMENTS / n)
			return -1;
		n *= s->dim[i];
	}
	return n;
}

int64_t shape_outer(const struct shape *s, int axis)
{
	int64_t n = 1;

	for (int i = 0; i < axis; i++)
		n *= s->dim[i];
	return n;
}

int64_t shape_inner(const struct shape *s, int axis)
{
	int64_t n = 1;

	for (int i = axis + 1; i < s->rank; i++)
		n *= s->dim[i];
	return n;
}

void shape_print(const struct shape *s, char *out, size_t out_bytes)
{
	size_t at = 0;

	if (s->rank <= 0) {
		snprintf(out, out_bytes, "%s", s->rank ? "unknown" : "scalar");
		return;
	}
	for (int i = 0; i < s->rank && at < out_bytes; i++) {
		const char *by = i ? "x" : "";
		int n = s->dim[i] < 0 ?
				snprintf(out + at, out_bytes - at, "%s?", by) :
				snprintf(out + at, out_bytes - at, "%s%" PRId64,
					 by, s->dim[i]);

		at += n < 0 ? 0 : (size_t)n;
	}
}

int shape_from_text(const char *s, struct shape *out)
{
	*out = (struct shape){ 0 };
	for (;;) {
		char *end;

		if (!isdigit((unsigned char)*s) || out->rank == GRAPH_MAX_RANK)
			return -1;
		errno = 0;
		out->dim[out->rank++] = strtoll(s, &end, 10);
		if (errno)
			return -1;
		if (!*end)
			break;
		if (*end != 'x' && *end != ',')
			return -1;
		s = end + 1;
	}
	return shape_elements(out) > 0 ? 0 : -1;
}

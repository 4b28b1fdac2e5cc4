/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_FIND_H
#define DBC_CONVERTER_HEADS_HEAD_FIND_H

#include "converter/heads/head.h"

/*
 * Finds the head of a graph whose shapes are known and whose constants are
 * folded, in the author's layout: from the file c->head, or else from the
 * shapes of the outputs and from the operators between the last convolutions
 * and the outputs. An unknown head is no error: out->data is NULL then and
 * out->why says what is missing. -1 only where a file is bad or memory is
 * exhausted. Memory comes from `a`.
 */
int head_find(const struct graph *g, const struct config *c, struct arena *a,
	      struct head *out, struct diag *d);

#endif

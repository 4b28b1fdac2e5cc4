/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_PHOTO_H
#define DBC_CONVERTER_HEADS_HEAD_PHOTO_H

#include "base/arena.h"
#include "base/diag.h"
#include "ir/config.h"
#include "ir/graph.h"

/*
 * The preprocessing that is left to do before a graph that normalises its photo
 * itself, or swaps its colors: Sub, Mul, Div, Add and BatchNormalization by a
 * number or one for each channel, among operators that only move pixels. The
 * only input is 1x3xHxW or 1xHxWx3, the shapes are known, the constants folded.
 *
 * What the graph subtracts tells the range of its input (0 to 1, 0 to 255, -1
 * to 1), and the order of its colors, as photos have most red and least blue.
 * `usual` (NULL: none) is the preprocessing of the whole, for what the graph
 * does not tell. *left is NULL where the graph does neither, where the readers
 * of the photo disagree, or where the range is not clear. -1 with a diagnostic
 * when memory is exhausted.
 */
int head_photo_left(const struct graph *g, const struct usual_preprocess *usual,
		    struct arena *a, const struct usual_preprocess **left,
		    struct diag *d);

#endif

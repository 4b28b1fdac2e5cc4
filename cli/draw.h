/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_DRAW_H
#define DBC_CLI_DRAW_H

#include "converter/data/image_file.h"
#include "runtime/dbrt.h"

/* A box to draw: its label (may be "") and its key points, x and y of each. */
struct draw_item {
	struct dbrt_detection box;
	const char *label;
	const float *points;
	int point_count;
};

/*
 * Draws boxes, key points and labels on the photo, the best ones, which come
 * first, on top. Frames are thin where boxes are small. A label stands at the
 * side of its box where it hides least of other boxes and labels; one that
 * would lie on an earlier label is left out.
 */
void draw_detections(struct image *img, const struct draw_item *list,
		     int count);

#endif

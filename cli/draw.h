/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_DRAW_H
#define DBC_CLI_DRAW_H

#include "converter/data/image_file.h"
#include "runtime/dbrt.h"

/* Draws each detection's box and label (may be "") on the photo. */
void draw_detections(struct image *img, const struct dbrt_detection *list,
		     int count, const char *const *labels);

#endif

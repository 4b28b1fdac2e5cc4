/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_CUT_LIFT_H
#define DBC_CONVERTER_ONNX_ONNX_CUT_LIFT_H

#include "converter/onnx/onnx_cut_facts.h"

/* The data that a selection looks at: what it reads may be their largest class,
 * boxes moved apart by their classes, or boxes scaled to the photo. */
const char *cut_lift(const struct cutter *c, const char *name);
/* Boxes before they are scaled to the photo by another input (Paddle's
 * scale_factor), which the head does from the size of the photo; NULL where
 * `name` is not that. */
const char *cut_before_scale(const struct cutter *c, const char *name);
/* Leaves one of found outputs that hold the same elements in another order or
 * shape. */
void cut_join_moved(struct cutter *c);

#endif

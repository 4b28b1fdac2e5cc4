/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_BOX_FORM_H
#define DBC_CONVERTER_HEADS_HEAD_BOX_FORM_H

#include "converter/heads/head.h"

/*
 * Boxes that the model decodes itself look alike whether they are corners or
 * centres, pixels or shares of the picture. Runs the model once on seeded
 * noise and looks at its boxes; sets box_form and normalized. False where
 * they are neither or the model cannot be run.
 */
bool head_probe_boxes(const struct graph *g, struct head *h);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_BOX_FORM_H
#define DBC_CONVERTER_HEADS_HEAD_BOX_FORM_H

#include "converter/heads/head.h"

/*
 * Decides whether boxes that the model decodes itself are corners or centers,
 * in pixels or in fractions of the image: shapes do not show it. Runs the model
 * once on seeded noise and tests its boxes; sets box_form and normalized. False
 * if they are neither or the model cannot run.
 */
bool head_probe_boxes(const struct graph *g, struct head *h);

#endif

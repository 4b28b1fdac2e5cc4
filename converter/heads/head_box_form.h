/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_BOX_FORM_H
#define DBC_CONVERTER_HEADS_HEAD_BOX_FORM_H

#include "converter/heads/head.h"
#include "converter/heads/head_dataflow.h"

/*
 * Decides whether boxes that the model decodes itself are corners or centers,
 * in pixels or in fractions of the image: shapes do not show it. Runs the model
 * with its maps (of `t`) set to zero, so that boxes differ by their places
 * only; where they have none, as a transformer's, on seeded noise. Sets
 * box_form and normalized. False if they are neither or the model cannot run.
 */
bool head_probe_boxes(const struct graph *g, struct trace *t, struct head *h);

#endif

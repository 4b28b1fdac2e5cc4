/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PREPROCESS_CHOICE_H
#define DBC_CONVERTER_PREPROCESS_CHOICE_H

#include "base/diag.h"
#include "base/parallel.h"
#include "ir/config.h"

/*
 * Runs the float model of a detector on a few photos of c->calib before the
 * work, and warns if it finds nothing: the preprocessing is then mostly wrong,
 * and the hint names the one that finds most. With --preprocess auto that one
 * is taken into `c`. A model that cannot be read is left to the conversion. 0,
 * or -1 with a diagnostic.
 */
int preprocess_choose(struct config *c, const struct progress *progress,
		      struct diag *d);

#endif

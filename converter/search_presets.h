/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SEARCH_PRESETS_H
#define DBC_CONVERTER_SEARCH_PRESETS_H

#include "converter/search_state.h"

/* Differences in agreement up to this are chance: output SQNR decides then. */
#define SEARCH_TIE 0.01

/* How many rounding presets the effort allows. */
int search_preset_count(const struct config *c);
/* Runs `try_once` with each of these, and keeps the best model, as if it were
 * the last. */
int search_presets(struct search *s, int (*try_once)(struct search *s));

#endif

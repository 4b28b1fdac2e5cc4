/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SEARCH_FIT_H
#define DBC_CONVERTER_SEARCH_FIT_H

#include "converter/search_state.h"

/* Builds what is chosen and notes its point. */
int search_build(struct search *s);

/*
 * Chooses and builds until the file, the time and the memory are within the
 * limits of the configuration, with at most `bytes` of weight codes. 0; 1
 * where nothing fits; -1 with a diagnostic.
 */
int search_fit(struct search *s, double bytes);

/*
 * Builds the smallest model of the limit that cannot be met even alone, else
 * the smallest file, so that a report can say what is missing. The other
 * limits hold where that is possible.
 */
int search_fit_least(struct search *s);

/* Adds points that the candidates promise for other sizes. */
int search_note_front(struct search *s);

#endif

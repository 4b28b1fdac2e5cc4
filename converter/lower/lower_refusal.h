/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_REFUSAL_H
#define DBC_CONVERTER_LOWER_LOWER_REFUSAL_H

#include "base/diag.h"
#include "converter/lower/lower_state.h"

/* Records that the current node cannot be lowered, and why; returns -1. */
int lower_refuse(struct lower *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* One diagnostic for all refusals so far, of which there is at least one;
 * returns -1. */
int lower_report_refusals(const struct lower *l);

#endif

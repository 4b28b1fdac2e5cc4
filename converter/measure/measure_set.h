/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_MEASURE_SET_H
#define DBC_CONVERTER_MEASURE_MEASURE_SET_H

#include "converter/data/dataset.h"
#include "ir/config.h"

/* Items [first, first + count) of a set of samples, and how to run models on
 * them. */
struct measure_set {
	const struct config *config;
	const struct dataset *dataset;
	int first, count;
};

#endif

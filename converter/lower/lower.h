/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_H
#define DBC_CONVERTER_LOWER_LOWER_H

#include "base/diag.h"
#include "converter/lower/device_model.h"
#include "ir/config.h"
#include "ir/graph.h"

/* -1 with one diagnostic that names all nodes of operators that the device has
 * no kernel for at all: known before anything is calibrated. */
int lower_check_operators(const struct graph *g, struct diag *d);

/*
 * Translates a quantized graph, operator by operator; every tensor still in
 * memory of its own. -1 with one diagnostic that names all nodes that have no
 * kernel on the device.
 */
int lower_graph(const struct graph *g, const struct config *c,
		struct device_model *m, struct diag *d);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_H
#define DBC_CONVERTER_LOWER_LOWER_H

#include "base/diag.h"
#include "converter/lower/device_model.h"
#include "ir/config.h"
#include "ir/graph.h"

/* Checks, before calibration, that the device has kernels for all operators; -1
 * with one diagnostic that names all nodes without one. */
int lower_check_operators(const struct graph *g, struct diag *d);

/*
 * Translates a quantized graph to device operators, node by node. Every tensor
 * still has separate memory: plan_memory() is the next step. -1 with one
 * diagnostic that names all nodes without a kernel on the device.
 */
int lower_graph(const struct graph *g, const struct config *c,
		struct device_model *m, struct diag *d);

#endif

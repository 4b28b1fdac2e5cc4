/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_FUZZ_NETWORKS_H
#define DBC_TESTS_FUZZ_NETWORKS_H

#include <stdint.h>

#include "ir/config.h"

/* Random networks as first inputs of a fuzz target: as ONNX files, and as
 * packed ones of several widths, coded and not. */
void fuzz_seed_networks(uint32_t count);
void fuzz_seed_packed_networks(uint32_t count);

/* The models of onnx_op_models.h. */
void fuzz_seed_operators(void);

/* A configuration for a small conversion: width, methods and preprocessing by
 * the bits of `number`. */
void fuzz_config(struct config *c, uint32_t number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_OP_MODELS_H
#define DBC_TESTS_OP_MODELS_H

/*
 * Small valid models, one for each kind of operator and form of its
 * parameters: what a fuzzer begins with.
 */
#include <stddef.h>
#include <stdint.h>

/* Model i as a packed file, 64-aligned, which the caller frees; NULL behind
 * the last one. */
uint8_t *op_model(uint32_t i, size_t *bytes);

#endif

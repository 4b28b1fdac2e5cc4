/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_HEAD_MODELS_H
#define DBC_TESTS_HEAD_MODELS_H

/*
 * Small models that take a photo and decode it as if it were boxes and scores,
 * one for each form of head, color and fit: what a fuzzer begins with.
 */
#include <stddef.h>
#include <stdint.h>

/* Model i as a packed file, 64-aligned, which the caller frees; NULL behind
 * the last one. */
uint8_t *head_model(uint32_t i, size_t *bytes);

#endif

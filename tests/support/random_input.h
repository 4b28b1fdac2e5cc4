/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RANDOM_INPUT_H
#define TESTS_SUPPORT_RANDOM_INPUT_H

#include <stdint.h>

#include "ir/samples.h"

/* Pseudorandom numbers from -1 to 1. */
void random_input(float *x, int count, uint32_t seed);
/* Samples of them, with seeds 1, 2, ..., for a graph with one input of
 * *elements. */
struct samples random_samples(int count, int *elements);

#endif

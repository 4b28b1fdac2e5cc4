/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_SUM_H
#define DBC_TESTS_REFERENCE_SUM_H

#include "tests/support/reference_node.h"

void ref_gemm(const struct ref_node *n);
void ref_mat_mul(const struct ref_node *n);
/* Axes are an attribute or input 1. */
void ref_reduce_mean(const struct ref_node *n);
void ref_reduce_sum(const struct ref_node *n);
void ref_reduce_max(const struct ref_node *n);
void ref_global_average_pool(const struct ref_node *n);
void ref_global_max_pool(const struct ref_node *n);
/* Along one axis since opset 13, over all behind it before. */
void ref_softmax(const struct ref_node *n);

#endif

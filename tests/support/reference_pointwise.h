/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_POINTWISE_H
#define DBC_TESTS_REFERENCE_POINTWISE_H

#include "tests/support/reference_node.h"

/* Computes a function of one number; false: the operator is none. */
bool ref_function(const struct ref_node *n);

/* Two inputs or any number of them, broadcast. */
void ref_add(const struct ref_node *n);
void ref_sub(const struct ref_node *n);
void ref_mul(const struct ref_node *n);
void ref_div(const struct ref_node *n);
void ref_pow(const struct ref_node *n);
void ref_max(const struct ref_node *n);
void ref_min(const struct ref_node *n);
void ref_prelu(const struct ref_node *n);

void ref_clip(const struct ref_node *n);
void ref_batch_norm(const struct ref_node *n);
void ref_instance_norm(const struct ref_node *n);

#endif

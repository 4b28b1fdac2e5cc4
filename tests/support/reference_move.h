/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_MOVE_H
#define DBC_TESTS_REFERENCE_MOVE_H

#include "tests/support/reference_node.h"

/* Operators that move values. Lists are attributes or inputs, as opsets from
 * 11 on have them. */
void ref_identity(const struct ref_node *n);
void ref_reshape(const struct ref_node *n);
void ref_flatten(const struct ref_node *n);
void ref_squeeze(const struct ref_node *n);
void ref_unsqueeze(const struct ref_node *n);
void ref_transpose(const struct ref_node *n);
void ref_concat(const struct ref_node *n);
void ref_split(const struct ref_node *n);
void ref_slice(const struct ref_node *n);
void ref_gather(const struct ref_node *n);
void ref_pad(const struct ref_node *n);
void ref_depth_to_space(const struct ref_node *n);
void ref_space_to_depth(const struct ref_node *n);

#endif

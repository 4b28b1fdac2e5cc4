/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_WINDOW_H
#define DBC_TESTS_REFERENCE_WINDOW_H

#include "tests/support/reference_node.h"

/* Inputs N,C,L or N,C,H,W. */
void ref_conv(const struct ref_node *n);
void ref_conv_transpose(const struct ref_node *n);
void ref_max_pool(const struct ref_node *n);
void ref_average_pool(const struct ref_node *n);

#endif

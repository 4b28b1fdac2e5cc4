/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_RESIZE_H
#define DBC_TESTS_REFERENCE_RESIZE_H

#include "tests/support/reference_node.h"

/* Resize of opset 11 and later: nearest and linear, without regions,
 * antialiasing or cubic. */
void ref_resize(const struct ref_node *n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_OPEN_OPS_H
#define DBRT_OPEN_OPS_H

#include "runtime/dbrt_internal.h"

/*
 * The part of dbrt_open() that proves operators, after sections, tensors,
 * inputs and outputs are proven: rows, tensor ids, order, overlaps, scratch,
 * and each kind's own check(). An enum dbrt_status.
 */
int dbrt_check_ops(struct dbrt_model *m);
/* Every model output is written by some operator, or is an input. */
int dbrt_check_outputs(struct dbrt_model *m);

#endif

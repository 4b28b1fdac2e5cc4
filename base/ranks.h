/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_RANKS_H
#define DBC_BASE_RANKS_H

#include <stdbool.h>

#include "base/diag.h"

/*
 * The processes of one job under mpirun, called ranks as in MPI. All run the
 * same program on the same arguments. Without MPI (make MPI=1), and without
 * mpirun, there is one rank and nothing here does anything.
 */

/* First of all; -1 with a diagnostic. */
int ranks_begin(struct diag *d);
/* Last of all, by all ranks. */
void ranks_end(void);

int ranks_self(void);  /* 0 to ranks_count() - 1 */
int ranks_count(void); /* 1: alone */

/* The lowest number from 0 on that no rank has taken yet. */
int ranks_take(void);
/* Returns when all ranks are here. */
void ranks_wait(void);

#endif

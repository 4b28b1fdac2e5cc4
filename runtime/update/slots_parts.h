/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_SLOTS_PARTS_H
#define DBRT_SLOTS_PARTS_H

#include "runtime/update/dbrt_slots.h"

/* Finds the newest record; 1: there is none. */
int dbrt_journal_find(struct dbrt_slots *s);
/* Appends s->record with the next sequence number. */
int dbrt_journal_append(struct dbrt_slots *s);
/* In slots.c: whether a slot holds a signed model for this device, of any
 * version; its head is in s->head then. */
int dbrt_slots_check(struct dbrt_slots *s, int slot);

#endif

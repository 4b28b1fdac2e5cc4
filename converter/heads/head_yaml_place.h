/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_PLACE_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_PLACE_H

#include "converter/heads/head_yaml_build.h"

/*
 * Completes the places of a level's parts from the shapes of their outputs: an
 * output is planes [channels, rows, columns], rows of numbers for each box, or
 * one plane for each number over all boxes. Levels that share an output lie
 * one behind the other, in their order. A part with
 * `cell` is taken as it is, from element 0 in steps of 1 if not given. Grids
 * and boxes a cell must be known. -1 with a diagnostic that names the key which
 * would say it.
 */
int head_yaml_place(struct head_yaml *r, uint32_t level);

#endif

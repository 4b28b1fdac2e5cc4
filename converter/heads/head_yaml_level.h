/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_LEVEL_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_LEVEL_H

#include "converter/heads/head_yaml_value.h"

/* The setter of the key `levels`: a list of grids with their parts. */
head_yaml_set head_yaml_levels;

#endif

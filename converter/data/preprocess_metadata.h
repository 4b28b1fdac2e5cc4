/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_PREPROCESS_METADATA_H
#define DBC_CONVERTER_DATA_PREPROCESS_METADATA_H

#include "ir/config.h"
#include "ir/graph.h"

/*
 * What the metadata of a model say of its photos: the keys of ONNX
 * (`Image.BitmapPixelFormat`, `Image.NominalPixelRange`, see MetadataProps.md)
 * and those of OpenVINO's exporters (`model_info mean_values` and others).
 * Changes the fields of `u` that they name; false where they name none.
 */
bool preprocess_metadata(const struct graph *g, struct usual_preprocess *u);

#endif

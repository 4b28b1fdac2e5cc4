# SPDX-License-Identifier: Apache-2.0
# Layers of a model.
dbconvert inspect blobs/blobs.onnx

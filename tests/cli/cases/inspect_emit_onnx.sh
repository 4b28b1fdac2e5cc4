# SPDX-License-Identifier: Apache-2.0
# A model that is not packed needs no operators of the device yet.
dbconvert inspect --emit ops blobs/blobs.onnx

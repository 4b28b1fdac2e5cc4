# SPDX-License-Identifier: Apache-2.0
# eval needs photos and labels.
dbconvert eval doorbell.onnx

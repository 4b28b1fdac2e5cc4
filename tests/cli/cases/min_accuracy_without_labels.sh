# SPDX-License-Identifier: Apache-2.0
# --min-accuracy needs labels.
dbconvert doorbell.onnx --min-accuracy 0.5 -o out

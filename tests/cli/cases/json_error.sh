# SPDX-License-Identifier: Apache-2.0
dbconvert inspect missing.onnx --json

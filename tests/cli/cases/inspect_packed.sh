# SPDX-License-Identifier: Apache-2.0
# Layers and parts of a packed file.
dbconvert inspect packed/blobs.dbp

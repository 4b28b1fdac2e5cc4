# SPDX-License-Identifier: Apache-2.0
# The table of operators of a model.
dbconvert inspect --emit ops packed/blobs.dbp

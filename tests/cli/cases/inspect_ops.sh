# SPDX-License-Identifier: Apache-2.0
# What two models need of the device library.
dbconvert inspect --ops packed/blobs.dbp packed/blobs.dbp
dbconvert inspect --ops --json packed/blobs.dbp

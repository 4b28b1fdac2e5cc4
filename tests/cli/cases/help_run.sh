# SPDX-License-Identifier: Apache-2.0
# Help of the verb run.
dbconvert run --help

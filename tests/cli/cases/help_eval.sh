# SPDX-License-Identifier: Apache-2.0
# Help of the verb eval.
dbconvert eval --help

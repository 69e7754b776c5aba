# Ember's VM in a firmware that builds with CMake (rp2, esp32): -DUSER_C_MODULES=<this file>
include(${CMAKE_CURRENT_LIST_DIR}/vm/micropython.cmake)

# The VM as a module in the firmware, for ports that build with CMake: -DUSER_C_MODULES=<this file>

add_library(usermod_ember_vm INTERFACE)

target_sources(usermod_ember_vm INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/usermod.c
    ${CMAKE_CURRENT_LIST_DIR}/ember_vm.c
    ${CMAKE_CURRENT_LIST_DIR}/rp2040.c
)

target_include_directories(usermod_ember_vm INTERFACE ${CMAKE_CURRENT_LIST_DIR})

# As in flags.mk, which says why.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/ember_vm.c PROPERTIES COMPILE_OPTIONS
    "-O2;-std=gnu99;-ffp-contract=off;-fno-trapping-math;-fno-math-errno;-fno-tree-loop-distribute-patterns"
)

target_link_libraries(usermod INTERFACE usermod_ember_vm)

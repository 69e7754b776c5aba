# The VM as a module in the firmware, for ports that build with CMake: -DUSER_C_MODULES=<this file>

add_library(usermod_ember_vm INTERFACE)

target_sources(usermod_ember_vm INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/usermod.c
    ${CMAKE_CURRENT_LIST_DIR}/ember_vm.c
    ${CMAKE_CURRENT_LIST_DIR}/rp2040.c
)

target_include_directories(usermod_ember_vm INTERFACE ${CMAKE_CURRENT_LIST_DIR})

# make … EMBER_COMPONENTS="convolution pooling", beside the core; without it, all that isa.h names.
if(NOT "$ENV{EMBER_COMPONENTS}" STREQUAL "")
    string(REGEX MATCHALL "[a-z0-9_]+" EMBER_COMPONENTS "core $ENV{EMBER_COMPONENTS}")
    list(REMOVE_DUPLICATES EMBER_COMPONENTS)
    list(TRANSFORM EMBER_COMPONENTS PREPEND EMBER_WITH_)
    list(JOIN EMBER_COMPONENTS "+" EMBER_COMPONENTS)
    target_compile_definitions(usermod_ember_vm INTERFACE EMBER_COMPONENTS=${EMBER_COMPONENTS})
endif()

# As in flags.mk, which says why.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/ember_vm.c PROPERTIES COMPILE_OPTIONS
    "-O2;-std=gnu99;-ffp-contract=off;-fno-trapping-math;-fno-math-errno;-fno-tree-loop-distribute-patterns"
)

target_link_libraries(usermod INTERFACE usermod_ember_vm)

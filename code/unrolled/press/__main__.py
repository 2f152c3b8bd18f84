from unrolled.press.build import main

main()

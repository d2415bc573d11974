"""The connecting half of each transport."""
